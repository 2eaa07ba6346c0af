import type { Delivery, HandlerContext } from "./webhook";

const MODEL = "claude-haiku-4-5";
const MENTION = /(?<![\w@])@review-bot(?![\w-])/i;

/** Answers a comment that mentions the bot, on an issue or a pull request. */
export async function handleMention(
  { emitter, executor, mayRun = () => true }: HandlerContext,
  delivery: Delivery,
): Promise<boolean> {
  const question = delivery.comment?.body ?? "";
  const prNumber = (delivery.issue ?? delivery.pull_request)?.number;
  if (prNumber === undefined || !MENTION.test(question)) return false;

  const repo = delivery.repository.full_name;
  const eventType = `${delivery.event}.${delivery.action}`;
  if (!mayRun({ repo, eventType, model: MODEL })) return false;
  const run = await executor.run({
    model: MODEL,
    prompt: `Answer on ${repo}#${prNumber}: ${question}`,
  });
  emitter.emit("execution:completed", { deliveryId: delivery.delivery, repo, prNumber, eventType, ...run });
  return true;
}
