import { Lexer } from 'yaml';
import type { Finding, Place } from '../records/issue.ts';

/** Marks that the lexer puts between pieces of source; they are no part of the text. */
const MARKS = new Set(['\u0002', '\u0018', '\u001f']);

/** Comments behind a value with fewer than two blanks before `#`: what was meant as text would be lost without a word. */
export const commentFindings = (text: string, placeOf: (offset: number) => Place): Finding[] => {
  const findings: Finding[] = [];
  let offset = 0;
  let scalarNext = false;
  for (const piece of new Lexer().lex(text)) {
    if (MARKS.has(piece)) {
      scalarNext = piece === '\u001f';
      continue;
    }
    if (piece.startsWith('#') && !scalarNext) {
      const lineStart = text.lastIndexOf('\n', offset - 1) + 1;
      const before = text.slice(lineStart, offset);
      const value = before.trimEnd();
      const isBare = value === '' || /(^|[\s-])-$|:$/.test(value);
      if (!isBare && before.length - value.length < 2)
        findings.push({
          code: 'one-blank-comment',
          severity: 'error',
          place: placeOf(offset),
          message: 'a comment behind a value needs two blanks before #',
          hint: 'if # belongs to the value, put the whole value in single quotes',
        });
    }
    scalarNext = false;
    offset += piece.length;
  }
  return findings;
};
