; What a file takes from elsewhere. The captures: ../README.md.
; For JavaScript and TypeScript.

(import_statement source: (string (string_fragment) @module)) @import @prefix
(import_statement . source: (string (string_fragment) @module))
(import_clause (identifier) @name)
(namespace_import (identifier) @alias)
(import_specifier name: _ @name !alias)
(import_specifier name: _ @name alias: (identifier) @alias)

(export_statement source: (string (string_fragment) @module)) @import @prefix
(export_statement "*" @wildcard)
(namespace_export (identifier) @alias)
(export_specifier name: _ @name !alias)
(export_specifier name: _ @name alias: _ @alias)

(variable_declarator
  name: (identifier) @alias
  value: (call_expression
    function: (identifier) @_
    arguments: (arguments . (string (string_fragment) @module) .))
  (#eq? @_ "require")) @import
(variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @name)
  value: (call_expression
    function: (identifier) @_
    arguments: (arguments . (string (string_fragment) @module) .))
  (#eq? @_ "require")) @import
(variable_declarator
  name: (object_pattern (pair_pattern key: (property_identifier) @name value: (identifier) @alias))
  value: (call_expression
    function: (identifier) @_
    arguments: (arguments . (string (string_fragment) @module) .))
  (#eq? @_ "require")) @import
