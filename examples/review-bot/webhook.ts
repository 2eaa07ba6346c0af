import type { App } from "runledger";
import type { Spender } from "runledger/budget";
import * as z from "zod";
import type { Executor } from "./executor";
import { handleMention } from "./mention";
import { handleReview } from "./review";

/** What the handlers need of the bot. */
export interface HandlerContext {
  readonly emitter: Pick<App["emitter"], "emit">;
  readonly executor: Executor;
  /** Whether there is money for a run. Default: always. */
  readonly mayRun?: (spender: Spender) => boolean;
}

/** The part of a GitHub webhook that the bot reads; `delivery` and `event` come from the request's headers. */
const deliverySchema = z.object({
  delivery: z.string().nullish(),
  event: z.string(),
  action: z.string(),
  repository: z.object({ full_name: z.string().min(1) }),
  pull_request: z.object({ number: z.int() }).nullish(),
  issue: z.object({ number: z.int() }).nullish(),
  comment: z.object({ body: z.string().nullish() }).nullish(),
});

export type Delivery = z.output<typeof deliverySchema>;

/** Takes one delivery, whatever it is; says whether the bot ran on it. */
export type Receive = (delivery: unknown) => Promise<boolean>;

export function createReceiver(context: HandlerContext): Receive {
  return async (received) => {
    const { data: delivery } = deliverySchema.safeParse(received);
    if (delivery === undefined) return false;
    switch (`${delivery.event}.${delivery.action}`) {
      case "pull_request.opened":
      case "pull_request.reopened":
      case "pull_request.ready_for_review":
      case "pull_request.synchronize":
        return handleReview(context, delivery);
      case "issue_comment.created":
      case "pull_request_review_comment.created":
        return handleMention(context, delivery);
      default:
        return false;
    }
  };
}
