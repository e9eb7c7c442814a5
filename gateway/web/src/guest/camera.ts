/** The front camera, and pictures made small enough to be sent. */

/** The largest size that the server examines. */
const LONG_EDGE_PX = 1600;
const JPEG_QUALITY = 0.9;
/** Smaller files are sent unchanged. */
const SMALL_BYTES = 1_000_000;

export interface OpenCamera {
  video: HTMLVideoElement;
  /** Rejects with the browser's error if there is no camera or the page may not use it. */
  ready: Promise<void>;
  close: () => void;
}

/** Call it while handling a tap: Safari starts videos only then. `facing`: the front camera shows the user. */
export function openCamera(facing: "user" | "environment" = "user"): OpenCamera {
  const video = document.createElement("video");
  video.playsInline = true;
  video.muted = true;
  let stream: MediaStream | undefined;
  let isClosed = false;

  const start = async () => {
    const wanted = { audio: false, video: { facingMode: facing, width: { ideal: 1280 }, height: { ideal: 960 } } };
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("no camera", "NotFoundError");
    stream = await navigator.mediaDevices.getUserMedia(wanted);
    if (isClosed) return stop();
    video.srcObject = stream;
    await video.play().catch(() => video.play()); // interrupted if the element is moved into the page meanwhile
  };
  const stop = () => stream?.getTracks().forEach((track) => track.stop());
  const ready = start();
  ready.catch(() => undefined); // the caller that awaits it shows the error
  return {
    video,
    ready,
    close: () => {
      isClosed = true;
      stop();
    },
  };
}

export function takePicture(video: HTMLVideoElement): Promise<Blob> {
  return draw(video, video.videoWidth, video.videoHeight);
}

/** A smaller copy of a picture that this browser can open; other files are unchanged. */
export async function shrink(file: File): Promise<Blob> {
  if (file.size <= SMALL_BYTES) return file;
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    return await draw(image, image.naturalWidth, image.naturalHeight);
  } catch {
    return file;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function draw(source: CanvasImageSource, width: number, height: number): Promise<Blob> {
  const scale = Math.min(1, LONG_EDGE_PX / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.getContext("2d")?.drawImage(source, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("empty canvas"))), "image/jpeg", JPEG_QUALITY),
  );
}
