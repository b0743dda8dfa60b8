; What a file takes from elsewhere. The captures: ../README.md.

(call
  method: (identifier) @_
  arguments: (argument_list . (string (string_content) @module))
  (#any-of? @_ "require" "require_relative" "load")) @import @wildcard
(call
  method: (identifier) @_
  arguments: (argument_list . (simple_symbol) @name . (string (string_content) @module))
  (#eq? @_ "autoload")) @import
