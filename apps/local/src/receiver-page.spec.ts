import type { ReceivedEvent } from './received-event.js';
import { renderEvents, renderPage } from './receiver-page.js';

const event: ReceivedEvent = {
  number: 7,
  receivedAt: new Date('2030-01-02T03:04:05.678Z'),
  verified: true,
  refusal: undefined,
  type: 'image_request.succeeded',
  subject: 'ireq_1',
  imageId: 'img-1',
  imageName: 'myImage',
  body: '{}',
};

describe('the receiver page', () => {
  it('shows what came, when, whether it was verified, and the JSON', () => {
    const html = renderEvents([event]);
    for (const shown of ['image_request.succeeded', 'ireq_1', 'img-1', 'myImage', '03:04:05.678', '✓ verified', '{}']) {
      expect(html).toContain(shown);
    }
  });

  it('says of a delivery that is not verified why it is not', () => {
    const html = renderEvents([{ ...event, verified: false, refusal: 'No matching signature' }]);
    expect(html).toContain('✗ not verified');
    expect(html).toContain('No matching signature');
  });

  it('lets no event write markup, in whichever part of it', () => {
    const attack = `<script>alert("'&")</script>`;
    const hostile = {
      type: attack,
      subject: attack,
      imageId: attack,
      imageName: attack,
      body: attack,
      refusal: attack,
    };
    const html = renderPage([{ ...event, ...hostile, verified: false }], 'nonce');

    expect(html).not.toContain(attack);
    expect(html.split('<script').length - 1).toBe(1);
    expect(html).toContain('&#60;script&#62;alert(');
  });

  it('leaves alone what only looks like a placeholder or a replacement pattern', () => {
    const html = renderPage([{ ...event, imageName: '{{nonce}} $& $1' }], 'abc');
    expect(html).toContain('{{nonce}} $&#38; $1');
    expect(html).toContain('nonce="abc"');
  });

  it('says what to do while nothing has come', () => {
    expect(renderPage([], 'nonce')).toContain('Nothing yet');
  });

  it('loads nothing from anywhere else', () => {
    expect(renderPage([], 'nonce')).not.toMatch(/(?:src|href)="https?:/);
  });
});
