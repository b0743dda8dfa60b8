; What a file takes from elsewhere. The captures: ../README.md.

(import_declaration) @import

(import_spec !name path: (_ (_) @module))
(import_spec name: (package_identifier) @alias path: (_ (_) @module))
(import_spec name: (blank_identifier) path: (_ (_) @module))
(import_spec name: (dot) @wildcard path: (_ (_) @module))
