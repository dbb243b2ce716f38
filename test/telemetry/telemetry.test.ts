import { EVENTS } from '../../telemetry/events.ts';
import type { LogOptions } from '../../telemetry/log.ts';
import { MOST_SERIES } from '../../telemetry/metric-book.ts';
import { openTelemetry } from '../../telemetry/telemetry.ts';

const open = (log: Partial<LogOptions> = {}) => {
  const lines: string[] = [];
  const telemetry = openTelemetry({ log: { level: 'info', format: 'json', out: { write: (text) => lines.push(text) }, ...log } });
  return { telemetry, lines };
};

describe('one event', () => {
  it('is one log line with level, UTC time, name and facts, and one count', async () => {
    const { telemetry, lines } = open({ base: { site: 'example', daemon: 'd1' } });
    telemetry.event('source.listening', { source: 'prison-adt', address: '127.0.0.1:2575', missing: undefined });
    telemetry.event('source.listening', { source: 'gp-records' });
    expect(lines).toHaveLength(2);
    const line = JSON.parse(lines[0] ?? '');
    expect(line).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      site: 'example',
      daemon: 'd1',
      event: 'source.listening',
      source: 'prison-adt',
      address: '127.0.0.1:2575',
    });
    expect(await telemetry.metrics.text()).toContain('throughcare_events_total{event="source.listening",severity="info"} 2');
  });

  it('that happens once a message is counted and not written, until the level is debug', async () => {
    const [name] = Object.entries(EVENTS).find(([, declared]) => declared.level === 'debug') ?? [];
    expect(name).toBeDefined();
    const { telemetry, lines } = open();
    telemetry.event(name ?? '', { messageId: 1 });
    expect(lines).toEqual([]);
    telemetry.setLevel('debug');
    telemetry.event(name ?? '', { messageId: 2 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'debug', messageId: 2 });
    expect(await telemetry.metrics.text()).toContain(`{event="${name}",severity="info"} 2`);
  });

  it('keeps the line’s own words apart from facts of the same name', () => {
    const { telemetry, lines } = open();
    telemetry.warn('lane.held', { event: 'other', level: 'x', time: 1 });
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', event: 'lane.held', event_: 'other', level_: 'x', time_: 1 });
  });

  it('is silent and still counted when the log is off', async () => {
    const { telemetry, lines } = open({ level: 'off' });
    telemetry.error('batch.failed', new Error('x'));
    expect(lines).toEqual([]);
    expect(await telemetry.metrics.text()).toContain('{event="batch.failed",severity="error"} 1');
  });
});

describe('for a person at a terminal', () => {
  const terminal = (options: Partial<LogOptions>) => {
    const lines: string[] = [];
    const telemetry = openTelemetry({
      log: { level: 'info', format: 'auto', out: { isTTY: true, write: (text) => lines.push(text) }, ...options },
    });
    telemetry.error('store.unavailable', new Error('secret'), { source: 'prison-adt', ms: 12 });
    return lines.join('');
  };

  it('writes words, not JSON, and the frames of an error below', () => {
    const text = terminal({ colour: false });
    expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} error store\.unavailable +source=prison-adt ms=12\n {4}Error unexpected\n {6}at /);
    expect(text).not.toContain('secret');
  });

  it('uses colours unless NO_COLOR is set', () => {
    const before = process.env.NO_COLOR;
    try {
      delete process.env.NO_COLOR;
      expect(terminal({})).toContain('\u001b[');
      process.env.NO_COLOR = '1';
      expect(terminal({})).not.toContain('\u001b[');
    } finally {
      if (before === undefined) delete process.env.NO_COLOR;
      else process.env.NO_COLOR = before;
    }
  });
});

describe('metrics', () => {
  it('adds counters up, keeps the last of a gauge, and files durations by the millisecond', async () => {
    const { telemetry } = open();
    telemetry.count('messages.stored', { source: 'a' });
    telemetry.count('messages.stored', { source: 'a' }, 4);
    telemetry.gauge('lanes_due', 7);
    telemetry.gauge('lanes_due', 3);
    telemetry.observe('acknowledge', 0.004, { source: 'a' });
    const text = await telemetry.metrics.text();
    expect(text).toContain('throughcare_messages_stored_total{source="a"} 5');
    expect(text).toContain('throughcare_lanes_due 3');
    expect(text).toContain('throughcare_acknowledge_seconds_bucket{le="0.005",source="a"} 1');
    expect(text).toContain('throughcare_acknowledge_seconds_bucket{le="0.0025",source="a"} 0');
    expect(await telemetry.metrics.text()).toContain('throughcare_messages_stored_total{source="a"} 5');
  });

  it('takes no label that is not declared, so a value of data cannot become a series', async () => {
    const { telemetry } = open();
    telemetry.count('x', { source: 'a', surname: 'Example' });
    telemetry.count('x', { surname: 'Other', source: 'a' });
    const text = await telemetry.metrics.text();
    expect(text).toContain('throughcare_x_total{source="a"} 2');
    expect(text).not.toContain('surname');
  });

  it('never keeps more series than its bound and loses no count beyond it', async () => {
    const { telemetry } = open();
    for (let i = 0; i < MOST_SERIES + 50; i += 1) telemetry.count('x', { source: `s${i}` });
    const series = (await telemetry.metrics.text()).split('\n').filter((line) => line.startsWith('throughcare_x_total{'));
    expect(series).toHaveLength(MOST_SERIES + 1);
    expect(series).toContain('throughcare_x_total{source="other"} 50');
  });

  it('hands out a cell that a hot path adds to', async () => {
    const { telemetry } = open();
    const cell = telemetry.metrics.counter('frames', { source: 'a' });
    cell.value += 3;
    telemetry.count('frames', { source: 'a' });
    expect(await telemetry.metrics.text()).toContain('throughcare_frames_total{source="a"} 4');
  });

  it('can also report the process', async () => {
    const telemetry = openTelemetry({ log: { level: 'off', format: 'json' }, process: true });
    expect(await telemetry.metrics.text()).toContain('throughcare_process_resident_memory_bytes');
  });
});
