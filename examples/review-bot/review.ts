import type { Delivery, HandlerContext } from "./webhook";

const MODEL = "claude-sonnet-4-5";

/** Reviews a pull request that is new, changed, or ready again. */
export async function handleReview(
  { emitter, executor, mayRun = () => true }: HandlerContext,
  delivery: Delivery,
): Promise<boolean> {
  const prNumber = delivery.pull_request?.number;
  if (prNumber === undefined) return false;

  const repo = delivery.repository.full_name;
  const eventType = `${delivery.event}.${delivery.action}`;
  if (!mayRun({ repo, eventType, model: MODEL })) return false;
  const run = await executor.run({
    model: MODEL,
    prompt: `Review ${repo}#${prNumber} after ${eventType}.`,
  });
  emitter.emit("execution:completed", { deliveryId: delivery.delivery, repo, prNumber, eventType, ...run });
  return true;
}
