; What a file takes from elsewhere. The captures: ../README.md.

(import_declaration) @import

(import_declaration (scoped_identifier scope: (_) @module name: (_) @name) . ";")
(import_declaration (identifier) @name . ";")
(import_declaration [(identifier) (scoped_identifier)] @module (asterisk) @wildcard)
