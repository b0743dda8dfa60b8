; What a file takes from elsewhere. The captures: ../README.md.

(use_declaration) @import
(extern_crate_declaration name: (identifier) @module alias: (identifier)? @alias) @import

; The path before the braces.
(scoped_use_list path: (_) @module) @prefix

(use_declaration argument: (identifier) @name)
(use_list [(identifier) (self)] @name)
(use_declaration argument: (scoped_identifier path: (_) @module name: (_) @name))
(use_list (scoped_identifier path: (_) @module name: (_) @name))

(use_as_clause path: [(identifier) (self)] @name alias: (identifier) @alias)
(use_as_clause path: (scoped_identifier path: (_) @module name: (_) @name) alias: (identifier) @alias)

(use_wildcard (_) @module) @wildcard
(use_wildcard . "*") @wildcard
