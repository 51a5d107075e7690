use super::Facet;
use crate::model::mend::{Phase, Step};
use crate::model::{Attribute, Attrs, Object, fragment, sql};

pub static FACET: Facet = Facet {
    word: None,
    attributes: &[Attribute::error("security_labels").absent("none")],
    query: |_| {
        let only = fragment::only("l.objoid");
        Some(format!(
            "SELECT l.classoid, l.objoid, l.objsubid, 'security_labels',
                json_object_agg(l.provider, l.label ORDER BY l.provider)::text
           FROM pg_seclabel l
          WHERE true {only}
          GROUP BY l.classoid, l.objoid, l.objsubid"
        ))
    },
    alter: |attribute: &str, o: &Object, from: &Attrs, to: &Attrs| {
        to.differing(attribute, from)
            .map(|provider| {
                let label = to.within(attribute, provider).and_then(|v| v.as_str());
                let label = label.map_or_else(|| "NULL".to_owned(), sql::literal);
                let (provider, what) = (sql::ident(provider), (o.kind.sql_name)(o));
                let sql = format!("SECURITY LABEL FOR {provider} ON {what} IS {label}");
                Step::new(Phase::Finish, sql)
            })
            .collect()
    },
};
