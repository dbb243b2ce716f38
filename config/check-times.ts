import type { CrossCheck } from './check.ts';
import { showDuration } from './units.ts';

/** Times that must stand in an order. */
export const timeChecks: CrossCheck = (config, report) => {
  const { claimTtl, sendDeadline } = config.advanced;
  // The sender leaves this margin (see Slots): with less room nothing would ever be sent.
  const margin = Math.min(5_000, claimTtl / 8);
  if (claimTtl <= sendDeadline + margin)
    report(
      'advanced.claimTtl',
      'claim-too-short',
      `the claim (${showDuration(claimTtl)}) must outlast the send deadline (${showDuration(sendDeadline)}) by more than ${showDuration(Math.ceil(margin))}`,
      {
        hint: 'otherwise two daemons could send at once',
      },
    );
  for (const [name, source] of config.sources) {
    if (config.retention !== undefined && source.window > config.retention)
      report(
        `sources.${name}.window`,
        'window-too-long',
        `control ids would be remembered longer than messages are kept (${showDuration(config.retention)})`,
      );
  }
  for (const [name, destination] of config.destinations) {
    if (destination.kind === 'mllp' && destination.timeout > sendDeadline)
      report(
        `destinations.${name}.timeout`,
        'timeout-too-long',
        `the answer would be waited for longer than a sending may take (${showDuration(sendDeadline)})`,
      );
    if (destination.breaker.first > destination.breaker.most)
      report(`destinations.${name}.breaker`, 'retry-order', 'the first pause is longer than the longest');
    if (destination.retry.first > destination.retry.most)
      report(`destinations.${name}.retry`, 'retry-order', 'the first wait is longer than the longest');
  }
};
