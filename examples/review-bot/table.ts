/** Rows of text as aligned columns: the first to the left, the others, numbers, to the right. */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => Bun.stringWidth(row[column] ?? ""))),
  );
  return rows.map((row) => `${row.map((cell, column) => align(cell, column, widths)).join("  ")}\n`).join("");
}

function align(cell: string, column: number, widths: readonly number[]): string {
  const space = " ".repeat(Math.max(0, (widths[column] ?? 0) - Bun.stringWidth(cell)));
  return column === 0 ? cell + space : space + cell;
}
