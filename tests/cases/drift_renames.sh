#!/usr/bin/env bash
# As drift_changes, with drift_changes/renames.txt.
CHANGES=renames.txt exec "$(dirname "${BASH_SOURCE[0]}")/drift_changes.sh"
