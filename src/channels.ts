import type { NoticePlace } from './gate/notices.ts';
import type { Notifier } from './ports/notifier.ts';

/** The ways to people that are configured. */
export interface Channels {
  readonly places: readonly NoticePlace[];
  readonly notifiers: readonly Notifier[];
  /** What this process may reach for their sake. */
  readonly origins: readonly string[];
}

/** None is there by default: nothing leaves the machine that was not set up. */
export function openChannels(): Channels {
  return { places: [], notifiers: [], origins: [] };
}
