import { type Command, InvalidArgumentError, Option } from 'commander';
import { didYouMean } from '../language/did-you-mean.ts';
import { FAULTS, type FaultCode, isFaultCode } from '../records/faults.ts';
import { CommandEnd, EXIT } from './exit.ts';

/** Turning what was typed into what is meant; a mistake is a usage error that says what would be right. */

const invalid = (message: string): never => {
  throw new InvalidArgumentError(message);
};

export const id = (text: string): number => {
  const value = Number(text);
  return /^[1-9][0-9]{0,15}$/.test(text) && Number.isSafeInteger(value) ? value : invalid('An id is a whole number.');
};

/** How many rows. */
export const count = (text: string): number =>
  /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : invalid('A limit is a number from 1 to 99999.');

const ago: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `15m`, `2h`, `7d` before now, or an ISO date or instant (UTC where no zone is written). */
export const moment = (text: string): Date => {
  const back = /^([0-9]{1,6})([smhd])$/.exec(text);
  const unit = ago[back?.[2] ?? ''];
  if (back !== null && unit !== undefined) return new Date(Date.now() - Number(back[1]) * unit);
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/.test(text))
    return invalid('Write 15m, 2h or 7d, or a date like 2026-03-02 or 2026-03-02T14:00Z.');
  const at = new Date(text.length > 10 && !/(Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text);
  return Number.isNaN(at.getTime()) ? invalid('There is no such date.') : at;
};

/** A reason code of the catalogue. */
const faultCode = (text: string): FaultCode => {
  if (isFaultCode(text)) return text;
  const { hint } = didYouMean(text, Object.keys(FAULTS));
  return invalid(hint === undefined ? 'There is no such code.' : `There is no such code, ${hint}`);
};
export const codeOption = (): Option => new Option('--code <code>', 'only with this reason code').argParser(faultCode);

const reason = (text: string): string => {
  const said = text.trim();
  if (said.length < 3) return invalid('Say in a few words why.');
  return said.length > 1000 ? invalid('Say it in at most 1000 letters.') : said;
};

/** Every act of an operator is kept with their name and the reason. */
export const reasoned = (command: Command): Command =>
  command.requiredOption('-r, --reason <text>', 'why; kept in the audit with your name', reason);
export const reasonOf = (command: Command): string => command.opts<{ reason: string }>().reason;
/** A verb that shows patient data when told to, and then only to somebody who says why. `shows`: what `--reveal` does. */
export const revealing = (command: Command, shows: string): Command =>
  command
    .option('--reveal', `${shows}; needs --reason`)
    .addOption(new Option('-r, --reason <text>', 'why; kept in the audit with your name').argParser(reason));

/** The reason given for revealing; undefined where nothing is to be revealed. Throws `CommandEnd` where one stands without the other. */
export const revealReason = (command: Command): string | undefined => {
  const { reveal, reason: given } = command.opts<{ reveal?: boolean; reason?: string }>();
  if (reveal !== true && given !== undefined) throw new CommandEnd(EXIT.usage, '--reason goes with --reveal');
  if (reveal === true && given === undefined)
    throw new CommandEnd(EXIT.usage, 'say why with --reason: who looks at patient data is kept in the audit');
  return given;
};

/** Options that every list has: newest first, a page at a time. */
export const paged = (command: Command): Command =>
  command
    .addOption(new Option('-n, --limit <count>', 'most rows').argParser(count).default(50))
    .addOption(new Option('--before <id>', 'rows older than this id (the next page)').argParser(id))
    .addOption(new Option('--since <when>', 'not older than: 15m, 2h, 7d, or a date').argParser(moment))
    .addOption(new Option('--until <when>', 'not newer than').argParser(moment));

export interface PageOptions {
  readonly limit: number;
  readonly before?: number;
  readonly since?: Date;
  readonly until?: Date;
}

/** Only the options that were given. */
export const pageOf = ({ limit: most, before, since, until }: PageOptions): PageOptions => ({
  limit: most,
  ...(before === undefined ? {} : { before }),
  ...(since === undefined ? {} : { since }),
  ...(until === undefined ? {} : { until }),
});
