/** Servers that every suite shares are started here once (see the suites that use them). */
export function setup(): void {
  // The Temporal dev server joins here.
}
