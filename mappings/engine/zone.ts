import { IANAZone } from 'luxon';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const DAY = 24 * 60 * MINUTE;
/** Hours of the wall clock remembered for each zone; a hospital's traffic names a few hundred. */
const REMEMBERED = 10_000;

/** Wall-clock time; month from 1. */
export interface WallTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/** A time zone by its IANA name. An hour that the clocks skip, or that they show twice, has no instant. */
export class Zone {
  readonly name: string;
  private readonly zone: IANAZone;
  private readonly hours = new Map<number, number>();
  private readonly offsets = new Map<number, number>();

  private constructor(name: string) {
    this.name = name;
    this.zone = IANAZone.create(name);
  }

  private static readonly known = new Map<string, Zone>();
  /** Nothing where the name is no zone. */
  static named(name: string): Zone | undefined {
    const known = Zone.known.get(name);
    if (known !== undefined) return known;
    if (!IANAZone.isValidZone(name)) return undefined;
    const zone = new Zone(name);
    Zone.known.set(name, zone);
    return zone;
  }

  /** Minutes east of Greenwich at an instant (milliseconds since 1970). */
  offsetAt(instant: number): number {
    // Clocks change on a quarter of an hour of universal time; before 1970 local mean times did not.
    if (instant < 0) return this.zone.offset(instant);
    const quarter = Math.floor(instant / QUARTER);
    let offset = this.offsets.get(quarter);
    if (offset === undefined) {
      offset = this.zone.offset(instant);
      if (this.offsets.size >= REMEMBERED) this.offsets.clear();
      this.offsets.set(quarter, offset);
    }
    return offset;
  }

  /** Milliseconds since 1970 of a wall-clock time; undefined where there is no such time or there are two. */
  instantOf(time: WallTime): number | undefined {
    const wall = Date.UTC(time.year, time.month - 1, time.day, time.hour, time.minute, time.second, time.millisecond);
    const hour = Math.floor(wall / (60 * MINUTE));
    const known = this.hours.get(hour);
    if (known !== undefined) return wall - known * MINUTE;
    const offset = this.onlyOffset(wall);
    // Offsets change at most once an hour: where both ends of the hour agree, all of it does.
    const [first, last] = [this.onlyOffset(hour * 60 * MINUTE), this.onlyOffset(hour * 60 * MINUTE + 59 * MINUTE)];
    if (offset !== undefined && offset === first && offset === last) {
      if (this.hours.size >= REMEMBERED) this.hours.clear();
      this.hours.set(hour, offset);
    }
    return offset === undefined ? undefined : wall - offset * MINUTE;
  }

  /** First instant of a day; the clocks of some zones change at midnight, so the hour after it may be the first. */
  startOfDay(year: number, month: number, day: number): number {
    for (let hour = 0; hour < 3; hour += 1) {
      const instant = this.instantOf({ year, month, day, hour, minute: 0, second: 0, millisecond: 0 });
      if (instant !== undefined) return instant;
    }
    return Date.UTC(year, month - 1, day);
  }

  private onlyOffset(wall: number): number | undefined {
    const before = this.zone.offset(wall - DAY);
    const after = this.zone.offset(wall + DAY);
    const holds = (offset: number): boolean => this.zone.offset(wall - offset * MINUTE) === offset;
    if (before === after) return holds(before) ? before : undefined;
    return holds(before) === holds(after) ? undefined : holds(before) ? before : after;
  }
}
