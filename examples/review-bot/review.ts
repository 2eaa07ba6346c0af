import type { Delivery, HandlerContext } from "./webhook";

/** Reviews a pull request that is new, changed, or ready again. */
export async function handleReview(
  { emitter, executor }: HandlerContext,
  delivery: Delivery,
): Promise<boolean> {
  const prNumber = delivery.pull_request?.number;
  if (prNumber === undefined) return false;

  const repo = delivery.repository.full_name;
  const eventType = `${delivery.event}.${delivery.action}`;
  const run = await executor.run({
    model: "claude-sonnet-4-5",
    prompt: `Review ${repo}#${prNumber} after ${eventType}.`,
  });
  emitter.emit("execution:completed", { deliveryId: delivery.delivery, repo, prNumber, eventType, ...run });
  return true;
}
