/** SHA-256 of files. */

/** In hexadecimal digits; null where the page is in no secure context. Rejects where the file cannot be read any more. */
export async function hashFile(file: File): Promise<string | null> {
  if (!("subtle" in crypto)) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
