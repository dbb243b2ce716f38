const QUIET_MS = 2_000;
const seconds = (since) => `${Math.round((Date.now() - since) / 1_000)} s`;

/**
 * Runs `work`; says so on standard error once it has lasted two seconds: "Installing packages … 14 s".
 * Shorter work stays silent, so that answers of the command stand alone.
 */
export async function withProgress(label, work) {
  const { stderr } = process;
  const since = Date.now();
  let shown = false;
  const show = () => {
    if (stderr.isTTY) stderr.write(`\r${label} … ${seconds(since)}`);
    else if (!shown) stderr.write(`${label} …`);
    shown = true;
  };
  let ticking;
  const waiting = setTimeout(() => {
    show();
    ticking = setInterval(show, 1_000);
  }, QUIET_MS);
  try {
    return await work();
  } finally {
    clearTimeout(waiting);
    clearInterval(ticking);
    if (shown) stderr.write(stderr.isTTY ? `\r${label} … ${seconds(since)}\n` : ` ${seconds(since)}\n`);
  }
}
