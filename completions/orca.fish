complete --keep-order --exclusive --command orca --arguments "(ORCA_COMPLETE=fish orca -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
