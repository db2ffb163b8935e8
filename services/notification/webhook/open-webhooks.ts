import type { Settings } from "../../shared/runtime/settings.ts";
import { openExchangeFinder } from "../mail/find-exchanges.ts";
import { openWebhookCaller, type WebhookCaller, type WebhookParts } from "./call-webhook.ts";

const DNS_TIMEOUT_MS = 5_000;

/**
 * Webhooks as the settings want them. Names are asked of the DNS itself: the system's own look-up would hold one of the
 * process's few threads for each dead name server, and with them every file.
 */
export function openWebhooks(
  parts: WebhookParts,
  { resolver, webhooksAllowPrivate }: Pick<Settings["notification"], "resolver" | "webhooksAllowPrivate">,
): WebhookCaller {
  const finder = openExchangeFinder(resolver, DNS_TIMEOUT_MS);
  const caller = openWebhookCaller(parts, { find: finder.addresses, allowPrivate: webhooksAllowPrivate });
  return {
    call: caller.call,
    stop() {
      caller.stop();
      finder.close();
    },
  };
}
