; What a file defines. The captures: ../README.md.

(function_declaration name: (identifier) @name body: (block)? @body) @function
(method_declaration
  receiver: (parameter_list
    (parameter_declaration
      type: [
        (type_identifier) @owner
        (pointer_type (type_identifier) @owner)
        (generic_type type: (type_identifier) @owner)
        (pointer_type (generic_type type: (type_identifier) @owner))
      ]))
  name: (field_identifier) @name
  body: (block)? @body) @function

; One declaration, keyword and all; of a group in brackets each line by itself.
(type_declaration
  "type" .
  (type_spec name: (_) @name type: (struct_type (field_declaration_list) @body @inside))) @type
(type_declaration "type" . (type_spec name: (_) @name type: (interface_type "{" @body) @inside)) @interface
(type_declaration "type" . (type_spec name: (_) @name)) @type
(type_declaration "type" . (type_alias name: (_) @name)) @type
(type_spec name: (_) @name type: (struct_type (field_declaration_list) @body @inside)) @type
(type_spec name: (_) @name type: (interface_type "{" @body) @inside) @interface
(type_spec name: (_) @name) @type
(type_alias name: (_) @name) @type
(field_declaration name: (_) @name) @variable
(method_elem name: (_) @name) @function

(const_declaration "const" . (const_spec name: (identifier) @name)) @constant
(const_spec name: (identifier) @name) @constant
(var_declaration "var" . (var_spec name: (identifier) @name value: (_)? @body)) @constant
(var_spec name: (identifier) @name value: (_)? @body) @constant

(type_declaration "(") @inside
(const_declaration "(") @inside
(var_declaration (var_spec_list) @inside)
(ERROR) @inside

(comment) @comment
