/** The files of the example site as if it had no MESH mailbox: letters and summaries go to the surgeries as results do. */

const cut = (text: string, block: RegExp): string => {
  const left = text.replace(block, '');
  if (left === text) throw new Error(`the example site has no ${block}`);
  return left;
};

export const configWithoutMesh = (yaml: string): string =>
  [/^mailboxes:\n(?:[ #].*\n)+\n?/m, /^ {2}gp-mail:.*\n(?: {4}.*\n)+/m, /^ {2}gp-mesh:.*\n(?: {4}.*\n)+/m].reduce(cut, yaml);

export const directoryWithoutMesh = (yaml: string): string =>
  cut(yaml.replace('document: gp-mesh', 'document: gp-hill-lane'), /^ *document: gp-mesh\n/m);
