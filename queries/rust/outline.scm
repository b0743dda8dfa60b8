; What a file defines. The captures: ../README.md.

(function_item name: (identifier) @name body: (block) @body) @function
(function_signature_item name: (identifier) @name) @function
(macro_definition name: (identifier) @name (macro_rule) @body) @macro

(struct_item name: (type_identifier) @name body: (_) @body @inside) @type
(struct_item name: (type_identifier) @name) @type
(union_item name: (type_identifier) @name body: (_) @body @inside) @type
(enum_item name: (type_identifier) @name body: (_) @body @inside) @type
(type_item name: (type_identifier) @name) @type
(associated_type name: (type_identifier) @name) @type
(field_declaration name: (field_identifier) @name) @variable
(enum_variant name: (identifier) @name) @variant

(trait_item name: (type_identifier) @name body: (_) @body @inside) @interface
(impl_item
  type: [
    [(type_identifier) (primitive_type) (dynamic_type) (tuple_type) (array_type) (unit_type)] @name
    (generic_type type: (type_identifier) @name)
    (scoped_type_identifier name: (type_identifier) @name)
    (generic_type type: (scoped_type_identifier name: (type_identifier) @name))
    (reference_type type: (_) @name)
    (pointer_type type: (_) @name)
  ]
  body: (_) @body @inside) @extension

(const_item name: (identifier) @name value: (_)? @body) @constant
(static_item name: (identifier) @name value: (_)? @body) @constant

(mod_item name: (identifier) @name body: (_) @body @inside) @module
(mod_item name: (identifier) @name) @module

[
  (foreign_mod_item)
  (declaration_list)
  (ERROR)
] @inside

[
  (line_comment)
  (block_comment)
] @comment
(attribute_item) @attribute
