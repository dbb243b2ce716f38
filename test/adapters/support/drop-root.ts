const NOBODY = 65_534;

/** For root every folder is readable; what a test asserts of permissions must hold for the user a daemon runs as. */
export const dropRoot = (): void => {
  if (process.getuid?.() !== 0) return;
  process.setgroups?.([]);
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
};

export const say = (line: Readonly<Record<string, unknown>>): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};
