/** What a page or a notebook carries of a scene, as the player takes it. */

/** @param {string} text */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}

/** @param {{scene: any, blobs: Record<string, string>}} story with its blobs in base64 */
export function decoded(story) {
  return { scene: story.scene, blobs: new Map(Object.entries(story.blobs).map(([name, text]) => [name, bytesOf(text)])) };
}
