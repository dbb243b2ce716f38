/** What a request asks for, read from its method and path. */
export const ROUTES = [
  'ping',
  'handshake',
  'inbox',
  'count',
  'metadata',
  'download',
  'acknowledge',
  'send',
  'send-chunk',
  'track',
  'track-local',
  'lookup',
  'search',
] as const;
export type RouteName = (typeof ROUTES)[number];

export interface Route {
  readonly name: RouteName;
  /** Upper case; empty on routes without one. */
  readonly mailbox: string;
  readonly messageId: string;
  /** 0 where the path names none. */
  readonly chunk: number;
  readonly localId: string;
  readonly odsCode: string;
  readonly workflow: string;
  readonly query: URLSearchParams;
}

export type RouteReading = { readonly route: Route } | { readonly status: 400 | 404 | 405 };

const BASE = 'messageexchange';
const NO_QUERY = new URLSearchParams();
const nowhere: RouteReading = { status: 404 };

const decoded = (path: string): string[] | undefined => {
  try {
    return path.split('/').map((part) => (part.includes('%') ? decodeURIComponent(part) : part));
  } catch {
    return undefined;
  }
};

export const readRoute = (method: string, url: string): RouteReading => {
  const mark = url.indexOf('?');
  const parts = decoded(mark < 0 ? url : url.slice(0, mark));
  if (parts === undefined) return { status: 400 };
  const query = mark < 0 ? NO_QUERY : new URLSearchParams(url.slice(mark + 1));
  const [, base, first = '', second, third = ''] = parts;
  if (parts[0] !== '' || base !== BASE || first === '') return nowhere;

  const of = (methods: readonly string[], name: RouteName, more: Partial<Route> = {}): RouteReading =>
    methods.includes(method)
      ? { route: { name, mailbox: first.toUpperCase(), messageId: '', chunk: 0, localId: '', odsCode: '', workflow: '', query, ...more } }
      : { status: 405 };

  if (first === '_ping' && second === undefined) return of(['GET'], 'ping', { mailbox: '' });
  if (first === 'endpointlookup' && second !== undefined && third !== '' && parts.length === 5)
    return of(['GET'], 'lookup', { mailbox: '', odsCode: second, workflow: third });
  if (first === 'workflowsearch' && second !== undefined && parts.length === 4)
    return of(['GET'], 'search', { mailbox: '', workflow: second });
  if (second === undefined) return of(['POST', 'GET'], 'handshake');
  if (second === 'count' && parts.length === 4) return of(['GET'], 'count');
  if (second === 'inbox') return inboxRoute(parts.slice(4), method, of);
  if (second === 'outbox') return outboxRoute(parts.slice(4), of);
  return nowhere;
};

type Of = (methods: readonly string[], name: RouteName, more?: Partial<Route>) => RouteReading;

const chunkNumber = (text: string): number | undefined => (/^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined);

const inboxRoute = ([id, second, third, ...rest]: readonly string[], method: string, of: Of): RouteReading => {
  if (id === undefined) return of(['GET'], 'inbox');
  // The public sandbox has `inbox/rich`, which the service does not publish.
  if (id === '' || id === 'rich' || rest.length > 0) return nowhere;
  const messageId = id.toUpperCase();
  if (second === undefined)
    return method === 'HEAD' ? of(['HEAD'], 'metadata', { messageId }) : of(['GET'], 'download', { messageId, chunk: 1 });
  if (second === 'status') return third === 'acknowledged' ? of(['PUT'], 'acknowledge', { messageId }) : nowhere;
  const chunk = chunkNumber(second);
  return chunk === undefined || third !== undefined ? nowhere : of(['GET'], 'download', { messageId, chunk });
};

const outboxRoute = ([first, second, ...rest]: readonly string[], of: Of): RouteReading => {
  if (first === undefined) return of(['POST'], 'send');
  if (first === '' || first === 'rich' || rest.length > 0) return nowhere;
  if (first === 'tracking') return second === undefined ? of(['GET'], 'track') : of(['GET'], 'track-local', { localId: second });
  const chunk = second === undefined ? undefined : chunkNumber(second);
  return chunk === undefined || chunk < 2 ? nowhere : of(['POST'], 'send-chunk', { messageId: first.toUpperCase(), chunk });
};
