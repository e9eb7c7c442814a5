/** SHA-256 of files. */

/** The hash in hexadecimal digits; null outside a secure context. Rejects if the file can no longer be read. */
export async function hashFile(file: File): Promise<string | null> {
  if (!("subtle" in crypto)) return null;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
