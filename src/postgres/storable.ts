/** PostgreSQL has no NUL in its texts: it is shown as JSON shows it. */
export function storable<Text extends string | null | undefined>(text: Text): Text {
  return text?.replaceAll("\0", "\\u0000") as Text;
}
