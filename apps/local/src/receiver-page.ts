import { readFileSync } from 'node:fs';
import type { ReceivedEvent } from './received-event.js';

const PAGE = readFileSync(new URL('./receiver-page.html', import.meta.url), 'utf8');

/** The whole page. The nonce lets in its own style and script, and nothing that an event might smuggle. */
export function renderPage(events: readonly ReceivedEvent[], nonce: string): string {
  return PAGE.replaceAll('{{nonce}}', () => nonce).replace('{{events}}', () => renderEvents(events));
}

/** What changes on the page. Every text in an event may come from a caller of ours, so all of it is escaped. */
export function renderEvents(events: readonly ReceivedEvent[]): string {
  if (events.length === 0) {
    return '<p class="empty">Nothing yet. Ask for an image with the curl line in the terminal, and watch it here.</p>';
  }
  return events.map(renderEvent).join('\n');
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function renderEvent(event: ReceivedEvent): string {
  const time = event.receivedAt.toISOString();
  const verdict = event.verified
    ? '<span class="verified">✓ verified</span>'
    : '<span class="refused">✗ not verified</span>';
  const why = event.refusal ? `<p class="why">${escapeHtml(event.refusal)}</p>` : '';
  return `<details id="event-${event.number}">
<summary>
<span class="type ${toneOf(event.type)}">${escapeHtml(event.type)}</span>
<span class="name">${escapeHtml(event.imageName)}</span>
<code>${escapeHtml([event.subject, event.imageId].filter(Boolean).join(' · '))}</code>
<span class="right">${verdict}<time datetime="${time}">${time.slice(11, 23)} UTC</time></span>
</summary>
${why}<pre>${escapeHtml(event.body)}</pre>
</details>`;
}

function toneOf(type: string): 'good' | 'bad' | 'busy' {
  if (type.endsWith('.succeeded')) return 'good';
  return /\.(failed|disabled|credential_rejected)$/.test(type) ? 'bad' : 'busy';
}
