; What a file takes from elsewhere. The captures: ../README.md.

(command
  name: (command_name (word) @_)
  .
  argument: (_) @module
  (#any-of? @_ "source" ".")) @import @wildcard
