/** PostgreSQL can't store NUL in text: it is escaped as in JSON. */
export function storable<Text extends string | null | undefined>(text: Text): Text {
  return text?.replaceAll("\0", "\\u0000") as Text;
}
