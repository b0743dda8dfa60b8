; What a file takes from elsewhere. The captures: ../README.md.

[
  (import_statement)
  (import_from_statement)
] @import

(import_statement name: (dotted_name) @module)
(import_statement name: (aliased_import name: (dotted_name) @module alias: (identifier) @alias))

(import_from_statement module_name: (_) @module) @prefix
(import_from_statement name: (dotted_name) @name)
(import_from_statement name: (aliased_import name: (dotted_name) @name alias: (identifier) @alias))
(import_from_statement (wildcard_import) @wildcard)
