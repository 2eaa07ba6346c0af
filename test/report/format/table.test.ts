import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { formatTable, layOutTable, type TableColumn } from "../../../src/report/format/table";

interface Row {
  readonly repo: string;
  readonly model: string;
  readonly cost: string;
}

const COLUMNS: readonly TableColumn<Row>[] = [
  { header: "repo", text: ({ repo }) => repo, canWrap: true },
  { header: "model", text: ({ model }) => model, canWrap: true },
  { header: "turns", text: () => "12", align: "right", omission: 1 },
  { header: "USD", text: ({ cost }) => cost, align: "right" },
];
const ROWS: readonly Row[] = [
  { repo: "octo-org/octo-repo", model: "claude-sonnet-4-5-20250929", cost: "0.0004" },
  {
    repo: "a-long-organization/and-a-repository-with-a-longer-name",
    model: "GPT-5 (medium reasoning)",
    cost: "12,345.60",
  },
];

describe("a table", () => {
  test("has its columns aligned, numbers to the right", () => {
    expect(formatTable(COLUMNS, ROWS, 120)).toBe(
      [
        "repo                                                     model                       turns        USD",
        "───────────────────────────────────────────────────────  ──────────────────────────  ─────  ─────────",
        "octo-org/octo-repo                                       claude-sonnet-4-5-20250929     12     0.0004",
        "a-long-organization/and-a-repository-with-a-longer-name  GPT-5 (medium reasoning)       12  12,345.60",
        "",
      ].join("\n"),
    );
  });

  test("too wide for the terminal, has its names wrapped where they have a separator", () => {
    expect(formatTable(COLUMNS, ROWS, 70)).toBe(
      [
        "repo                       model                      turns        USD",
        "─────────────────────────  ─────────────────────────  ─────  ─────────",
        "octo-org/octo-repo         claude-sonnet-4-5-            12     0.0004",
        "                           20250929",
        "a-long-organization/and-   GPT-5 (medium reasoning)      12  12,345.60",
        "a-repository-with-a-",
        "longer-name",
        "",
      ].join("\n"),
    );
  });

  test("much too wide, leaves columns out and says which", () => {
    const { head, format, omitted } = layOutTable(COLUMNS, ROWS, 50);
    expect(head).not.toContain("turns");
    expect(omitted).toEqual(["turns"]);
    expect(head.split("\n").every((line) => Bun.stringWidth(line) <= 50)).toBe(true);
    expect(format(ROWS)).toContain("12,345.60");
  });

  test("keeps its headers above their columns, however narrow it is", () => {
    const columns = [
      { header: "conclusion", text: ({ repo }: Row) => repo, canWrap: true },
      ...COLUMNS.slice(2),
    ];
    expect(formatTable(columns, ROWS.slice(0, 1), 10)).toBe(
      [
        "conclusion     USD", //
        "──────────  ──────",
        "octo-org/   0.0004",
        "octo-repo",
        "",
      ].join("\n"),
    );
  });

  test("takes rows that are wider than those it was made for", () => {
    const { format } = layOutTable(COLUMNS, ROWS.slice(0, 1), 120);
    expect(format(ROWS.slice(1))).toBe(
      [
        "a-long-             GPT-5 (medium reasoning)       12  12,345.60",
        "organization/and-",
        "a-repository-with-",
        "a-longer-name",
        "",
      ].join("\n"),
    );
  });

  test("counts wide characters as two columns, and shows what is not printable", () => {
    const rows = [
      { repo: "日本語/リポジトリ", model: "m", cost: "1" },
      { repo: "o/\u001b[2J", model: "m", cost: "1" },
    ];
    expect(formatTable(COLUMNS, rows, 80)).toBe(
      [
        "repo               model  turns  USD",
        "─────────────────  ─────  ─────  ───",
        "日本語/リポジトリ  m         12    1",
        "o/\\u{1b}[2J        m         12    1",
        "",
      ].join("\n"),
    );
  });

  test("styles cells when they are aligned", () => {
    const columns: readonly TableColumn<Row>[] = [
      { header: "repo", text: ({ repo }) => repo, style: (cell) => `<${cell}>` },
      {
        header: "USD",
        text: ({ cost }) => cost,
        align: "right",
        style: (cell, { cost }) => `${cell}|${cost}`,
      },
    ];
    expect(formatTable(columns, [{ repo: "a", model: "m", cost: "1" }], 80)).toBe(
      "repo  USD\n────  ───\n<a   >    1|1\n",
    );
  });

  test("is a head alone without rows", () => {
    expect(formatTable(COLUMNS, [], 80)).toBe("repo  model  turns  USD\n────  ─────  ─────  ───\n");
  });
});

const name = fc.oneof(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 60 }),
  fc.stringMatching(/^[a-z]{1,20}([/\-_.][a-z]{1,20}){0,4}$/),
);

test("whatever the names and the width, no name loses a character, and no line is too wide", () => {
  fc.assert(
    fc.property(
      fc.array(name, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 12, max: 120 }),
      (names, width) => {
        const columns: readonly TableColumn<string>[] = [
          { header: "n", text: (text) => `<${text}>`, canWrap: true },
        ];
        const text = formatTable(columns, names, width);
        const [, , ...lines] = text.split("\n");
        expect(lines.every((line) => Bun.stringWidth(line) <= width)).toBe(true);
        const withoutSpace = (some: string) => some.replace(/\s/g, "");
        const everything = columns.flatMap(({ text }) => names.map(text)).join("");
        const shown = everything.replace(
          /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
          (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
        );
        expect(withoutSpace(lines.join(""))).toBe(withoutSpace(shown));
      },
    ),
  );
});
