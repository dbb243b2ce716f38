import type { Conservation } from '../store/conservation.ts';

const MESSAGE_WORDS = ['processed', 'held', 'rejected', 'ignored', 'duplicate', 'unprocessed'] as const;
const DELIVERY_WORDS = ['confirmed', 'handed-over', 'held', 'withdrawn', 'waiting', 'sending'] as const;

const total = <K extends string>(rows: readonly Readonly<Record<K, number>>[], word: K): number =>
  rows.reduce((sum, row) => sum + row[word], 0);

/**
 * The two conservation lines of DESIGN §4.2 over all sources and days. `settled`: both balance, every processed message without a delivery
 * names its rule, and nothing is unprocessed, waiting or being sent.
 */
export const conservationLines = ({
  messages,
  deliveries,
}: Conservation): { readonly lines: readonly string[]; readonly settled: boolean } => {
  const received = total(messages, 'received');
  const filed = total(deliveries, 'deliveries');
  const spoken = (word: string): string => word.replace('-', ' ');
  return {
    lines: [
      `received ${received} = ${MESSAGE_WORDS.map((word) => `${word} ${total(messages, word)}`).join(' + ')}`,
      `deliveries ${filed} = ${DELIVERY_WORDS.map((word) => `${spoken(word)} ${total(deliveries, word)}`).join(' + ')}`,
    ],
    settled:
      messages.every((row) => row.balances && row.unexplained === 0) &&
      deliveries.every((row) => row.balances) &&
      total(messages, 'unprocessed') === 0 &&
      total(deliveries, 'waiting') === 0 &&
      total(deliveries, 'sending') === 0,
  };
};
