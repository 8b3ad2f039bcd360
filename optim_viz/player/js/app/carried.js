/**
 * What a video's file says of where it comes from. A MediaRecorder writes none of it, but both containers let parts be
 * added at their end: MP4 a box of XMP, WebM an element of tags.
 */

/** The box that holds XMP (ISO 16684-3). */
const XMP_BOX = [0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8, 0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac];
/** Matroska's names of elements (RFC 9559). */
const TAGS = [0x12, 0x54, 0xc3, 0x67], TAG = [0x73, 0x73], TARGETS = [0x63, 0xc0], SIMPLE = [0x67, 0xc8];
const NAME = [0x45, 0xa3], STRING = [0x44, 0x87];

/** @param {string} text */
const bytesOf = (text) => [...new TextEncoder().encode(text)];

/** A number in four bytes, the first one highest. @param {number} value */
const four = (value) => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff);

/** An element: its name, its length in four bytes, what it holds. @param {number[]} name @param {number[]} content */
const matroska = (name, content) => [...name, ...four(0x10000000 + content.length), ...content];

/** @param {string} text */
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** @param {string} origin */
function xmpBox(origin) {
  const content = bytesOf(`<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">` +
    `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ` +
    `xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:source>${escaped(origin)}</dc:source></rdf:Description></rdf:RDF>` +
    `</x:xmpmeta><?xpacket end="r"?>`);
  return [...four(8 + XMP_BOX.length + content.length), ...bytesOf("uuid"), ...XMP_BOX, ...content];
}

/** @param {string} origin */
function tags(origin) {
  const simple = matroska(SIMPLE, [...matroska(NAME, bytesOf("COMMENT")), ...matroska(STRING, bytesOf(origin))]);
  return matroska(TAGS, matroska(TAG, [...matroska(TARGETS, []), ...simple]));
}

/**
 * What stands behind a video's own bytes.
 * @param {string} mimeType
 * @param {string} origin  "" for none
 */
export function carried(mimeType, origin) {
  if (!origin) return new Uint8Array();
  return Uint8Array.from(mimeType.startsWith("video/mp4") ? xmpBox(origin) : tags(origin));
}
