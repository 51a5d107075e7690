Object.groupBy ??= (all, by) =>
  all.reduce((groups, one) => ((groups[by(one)] ??= []).push(one), groups), {})
