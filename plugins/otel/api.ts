import type { Meter, Tracer, TracerOptions } from "@opentelemetry/api";
import { version } from "../../package.json" with { type: "json" };
import { RunledgerError } from "../../src/errors";

export type Api = typeof import("@opentelemetry/api");

const SCOPE = "runledger";

/**
 * Loads the optional package `@opentelemetry/api`.
 *
 * @throws {RunledgerError} `MISSING_PACKAGE`
 */
export function loadApi(): Api {
  try {
    // The build would rename a plain `require`, and an application's bundler would not find the package.
    return import.meta.require("@opentelemetry/api") as Api;
  } catch (cause) {
    throw new RunledgerError(
      "MISSING_PACKAGE",
      "OpenTelemetry needs the package @opentelemetry/api, which is not installed.",
      { cause, hint: "Run: bun add @opentelemetry/api" },
    );
  }
}

/**
 * A tracer of the global provider; `undefined` while there is none. The API would then return a proxy, which never
 * finds a provider that is registered with another copy of the API. There may be two: this one is CommonJS, the host's
 * is an ES module.
 */
export function globalTracer({ trace }: Api, options: TracerOptions): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return isProxy(provider)
    ? provider.getDelegateTracer(SCOPE, version, options)
    : provider.getTracer(SCOPE, version, options);
}

/** A meter of the global provider; `undefined` while there is none. */
export function globalMeter({ metrics, createNoopMeter }: Api): Meter | undefined {
  const meter = metrics.getMeter(SCOPE, version);
  return meter === createNoopMeter() ? undefined : meter;
}

function isProxy(provider: object): provider is InstanceType<Api["ProxyTracerProvider"]> {
  return "getDelegateTracer" in provider;
}
