import type { Frame } from '../frame.ts';
import { html } from '../html.ts';
import { page } from '../page.ts';
import { versionOf } from '../version.ts';
import { markdownBlocks } from './markdown.ts';

/** The report of an incident, as the gateway made it from the log. */
export function postMortemPage(frame: Frame, id: string, markdown: string): string {
  return page(frame, {
    title: 'Post-mortem',
    place: 'incidents',
    incident: id,
    main: html`<div class="row">
      <div class="at stack"><a class="back" href="/console/incidents/${id}">The incident</a></div>
      <div class="is report">
        <p class="btns">
          <a class="btn" href="/console/incidents/${id}/post-mortem.md" download>Download it</a>
        </p>
        ${markdownBlocks(markdown)}
      </div>
    </div>`,
    version: versionOf(markdown),
    says: 'The post-mortem changed',
  });
}
