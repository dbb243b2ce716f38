/** `word` may be a path with selectors (`PID-3[5 = NH].1`) or `count(…)`, `made(…)`; `bad` carries the message in its text. */
export interface ConditionToken {
  readonly kind: 'word' | 'quoted' | 'mark' | 'end' | 'bad';
  readonly text: string;
  readonly offset: number;
}

const MARKS = ['!=', '<=', '>=', '=', '<', '>', '(', ')', ','];
const WORD = /[^\s(),"=!<>[\]]/;

/** End of a selector that opens at `from`, quotes respected; -1 when it never closes. */
export const selectorEnd = (text: string, from: number): number => {
  let depth = 0;
  let quoted = false;
  for (let index = from; index < text.length; index += 1) {
    const character = text[index];
    if (quoted) {
      if (character === '\\') index += 1;
      else if (character === '"') quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === '[') depth += 1;
    else if (character === ']') {
      depth -= 1;
      if (depth === 0) return index + 1;
    }
  }
  return -1;
};

/** A text in double quotes that opens at `from`: `\"` is a quote, any other backslash stands as it is (patterns need theirs). */
export const readQuoted = (text: string, from: number): { readonly text: string; readonly end: number } | undefined => {
  let value = '';
  for (let index = from + 1; index < text.length; index += 1) {
    const character = text[index];
    if (character === '"') return { text: value, end: index + 1 };
    if (character === '\\' && text[index + 1] === '"') {
      value += '"';
      index += 1;
    } else value += character;
  }
  return undefined;
};

export const conditionTokens = (text: string): ConditionToken[] => {
  const tokens: ConditionToken[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? '';
    if (/\s/.test(character)) {
      at += 1;
      continue;
    }
    const offset = at;
    if (character === '"') {
      const quoted = readQuoted(text, at);
      if (quoted === undefined) return [...tokens, { kind: 'bad', text: 'the quote is not closed', offset }];
      tokens.push({ kind: 'quoted', text: quoted.text, offset });
      at = quoted.end;
      continue;
    }
    const mark = MARKS.find((candidate) => text.startsWith(candidate, at));
    if (mark !== undefined) {
      tokens.push({ kind: 'mark', text: mark, offset });
      at += mark.length;
      continue;
    }
    if (/^(count|made)\(/.test(text.slice(at))) {
      const close = text.indexOf(')', at);
      if (close === -1) return [...tokens, { kind: 'bad', text: 'a closing bracket is missing', offset }];
      tokens.push({ kind: 'word', text: text.slice(at, close + 1), offset });
      at = close + 1;
      continue;
    }
    while (at < text.length) {
      if (text[at] === '[') {
        const end = selectorEnd(text, at);
        if (end === -1) return [...tokens, { kind: 'bad', text: 'the selector is not closed with ]', offset: at }];
        at = end;
      } else if (text.startsWith('->', at)) at += 2;
      else if (WORD.test(text[at] ?? '')) at += 1;
      else break;
    }
    if (at === offset) return [...tokens, { kind: 'bad', text: `"${character}" is not expected here`, offset }];
    tokens.push({ kind: 'word', text: text.slice(offset, at), offset });
  }
  return tokens;
};
