import {
  AggregateFunctionNode,
  BinaryOperationNode,
  CastNode,
  ColumnNode,
  DataTypeNode,
  FunctionNode,
  type KyselyPlugin,
  type OperationNode,
  OperationNodeTransformer,
  type QueryId,
  RawNode,
  ReferenceNode,
  TupleNode,
  ValueNode,
} from "kysely";
import { toRegularExpression } from "../../name-pattern";

/** Columns stored as `timestamptz` in PostgreSQL, but read and compared as text in the form of SQLite ledgers. */
const TIME_COLUMNS: ReadonlySet<string> = new Set(["created_at", "at"]);
const UTC_OFFSET = "+00";

/** Translates the SQL of `dialect.ts` for PostgreSQL, and takes times without a zone as UTC. */
export const postgresReads: KyselyPlugin = {
  transformQuery: ({ node, queryId }) => transformer.transformNode(node, queryId),
  transformResult: async ({ result }) => result,
};

class PostgresReads extends OperationNodeTransformer {
  protected override transformNodeImpl<Node extends OperationNode>(node: Node, queryId?: QueryId): Node {
    // Each node is replaced by one with the same meaning in PostgreSQL.
    return super.transformNodeImpl(inPostgres(node) as Node, queryId);
  }
}

const transformer = new PostgresReads();

function inPostgres(node: OperationNode): OperationNode {
  if (AggregateFunctionNode.is(node)) return node.func === "total" ? total(node) : node;
  if (BinaryOperationNode.is(node)) return comparison(node);
  if (FunctionNode.is(node)) return node.func === "substr" ? beginning(node) : node;
  return RawNode.is(node) ? fragment(node) : node;
}

function total(node: AggregateFunctionNode): OperationNode {
  const aggregated = node.aggregated.map((value) =>
    CastNode.create(value, DataTypeNode.create("double precision")),
  );
  const sum: AggregateFunctionNode = { ...node, func: "sum", aggregated };
  return FunctionNode.create("coalesce", [sum, ValueNode.createImmediate(0)]);
}

/**
 * Translates `+column`, which keeps SQLite from using an index but is not needed with PostgreSQL's statistics, and
 * `column glob pattern`.
 */
function fragment(node: RawNode): OperationNode {
  const [first, second] = node.parameters;
  if (node.sqlFragments[0] === "+" && first !== undefined) return first;
  if (node.sqlFragments[1] !== " glob " || first === undefined || second === undefined) return node;
  const { value } = second as ValueNode;
  return RawNode.create(
    ["", " ~ ", ""],
    [first, ValueNode.create(toRegularExpression(String(value), quoted))],
  );
}

/** In brackets, a character stands for itself in both databases. */
function quoted(text: string): string {
  return text.replace(/[^\p{L}\p{N}_]/gu, "\\$&");
}

/** The leading characters of a time's text. */
function beginning(node: FunctionNode): OperationNode {
  const [time, ...rest] = node.arguments;
  if (time === undefined || !isTime(time)) return node;
  const text = RawNode.create(["to_char(", " at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')"], [time]);
  return FunctionNode.create("substr", [text, ...rest]);
}

function comparison({ leftOperand, operator, rightOperand }: BinaryOperationNode): OperationNode {
  const right = isTime(leftOperand)
    ? asUtc(rightOperand)
    : TupleNode.is(leftOperand) && TupleNode.is(rightOperand)
      ? TupleNode.create(asUtcWhereTime(leftOperand.values, rightOperand.values))
      : rightOperand;
  return BinaryOperationNode.create(leftOperand, operator, right);
}

function asUtcWhereTime(
  columns: readonly OperationNode[],
  values: readonly OperationNode[],
): OperationNode[] {
  return values.map((value, index) => {
    const column = columns[index];
    return column !== undefined && isTime(column) ? asUtc(value) : value;
  });
}

function asUtc(node: OperationNode): OperationNode {
  return ValueNode.is(node) && typeof node.value === "string"
    ? ValueNode.create(`${node.value}${UTC_OFFSET}`)
    : node;
}

function isTime(node: OperationNode): boolean {
  return ReferenceNode.is(node) && ColumnNode.is(node.column) && TIME_COLUMNS.has(node.column.column.name);
}
