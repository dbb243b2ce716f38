/** `W` exactly, `W*` beginning, `*W*` within, and each with `!` before it for the opposite. Empty: everything. */
export const workflowFilter = (text: string): ((workflow: string) => boolean) => {
  const plain = text.trim();
  if (plain === '') return () => true;
  const not = plain.startsWith('!');
  const pattern = not ? plain.slice(1) : plain;
  const matches = matcher(pattern);
  return not ? (workflow) => !matches(workflow) : matches;
};

const matcher = (pattern: string): ((workflow: string) => boolean) => {
  if (pattern.length > 1 && pattern.startsWith('*') && pattern.endsWith('*')) {
    const part = pattern.slice(1, -1);
    return (workflow) => workflow.includes(part);
  }
  if (pattern.endsWith('*')) {
    const beginning = pattern.slice(0, -1);
    return (workflow) => workflow.startsWith(beginning);
  }
  return (workflow) => workflow === pattern;
};
