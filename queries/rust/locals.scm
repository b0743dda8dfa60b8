; Which names are bound where, and which are used. The captures: ../README.md.

[
  (function_item)
  (function_signature_item)
  (closure_expression)
  (block)
  (match_arm)
  (for_expression)
  (impl_item)
  (trait_item)
  (struct_item)
  (enum_item)
  (type_item)
  (macro_definition)
] @scope

(function_item name: (identifier) @declared)
(function_signature_item name: (identifier) @declared)
(struct_item name: (type_identifier) @declared)
(enum_item name: (type_identifier) @declared)
(trait_item name: (type_identifier) @declared)
(type_item name: (type_identifier) @declared)
(macro_definition name: (identifier) @declared)
(union_item name: (type_identifier) @bound)
(const_item name: (identifier) @bound)
(static_item name: (identifier) @bound)
(mod_item name: (identifier) @bound)
(enum_variant name: (identifier) @label)
(associated_type name: (type_identifier) @label)
(type_binding name: (type_identifier) @label)
(impl_item body: (declaration_list (const_item name: (identifier) @label)))

(type_parameter name: (type_identifier) @bound)
(const_parameter name: (identifier) @bound)
(parameter pattern: (identifier) @bound)
(closure_parameters (identifier) @bound)
(let_declaration pattern: (identifier) @bound)
(let_condition pattern: (identifier) @bound)
(for_expression pattern: (identifier) @bound)
(match_pattern (identifier) @bound)
(tuple_pattern (identifier) @bound)
(tuple_struct_pattern type: (_) (identifier) @bound)
(slice_pattern (identifier) @bound)
(mut_pattern (identifier) @bound)
(ref_pattern (identifier) @bound)
(reference_pattern (identifier) @bound)
(or_pattern (identifier) @bound)
(captured_pattern . (identifier) @bound)
(field_pattern pattern: (identifier) @bound)
(shorthand_field_identifier) @bound

(lifetime (identifier) @label)
(label (identifier) @label)
(attribute . (identifier) @label)
(fragment_specifier) @label

(identifier) @use
(type_identifier) @use
(field_expression value: (_) @receiver field: (field_identifier) @use)
(scoped_identifier path: (_) @receiver name: (identifier) @use)
(scoped_type_identifier path: (_) @receiver name: (type_identifier) @use)
