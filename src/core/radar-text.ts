import { ERRORS, isErrorCode } from './errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  history_cut: 'HubSpot keeps no versions from so far back: a change in between may be gone',
  not_attributed: 'HubSpot says that another app made a write of ours: connect again',
  gone: 'erased, or merged into another record',
  too_many: 'more than one sweep looks through: take a shorter time',
  no_archive_time: 'HubSpot does not say when it was archived',
  own_record_damaged: 'what the store has of this write of ours was changed: docs/playbook.md',
};

/** Why the radar could not look at something: `Unread.reason` of `gate/radar-scan.ts`, for people. */
export const unreadReason = (reason: string): string =>
  REASONS[reason] ?? (isErrorCode(reason) ? ERRORS[reason].title : reason);
