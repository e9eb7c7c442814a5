/** Takes a selfie with the camera in an oval; choosing a photo is always possible instead. */

import { text } from "#text";
import { useEffect, useRef, useState } from "preact/hooks";

import { Screen, Waiting } from "../shared/elements";
import { type OpenCamera, shrink, takePicture } from "./camera";

interface Props {
  camera: OpenCamera;
  heading: string;
  onPicture: (image: Blob) => void;
  onBack: () => void;
}

type State = "starting" | "ready" | "preparing";

export function Viewfinder({ camera, heading, onPicture, onBack }: Props) {
  const [state, setState] = useState<State>("starting");
  const [problem, setProblem] = useState<"denied" | "absent">();
  const frame = useRef<HTMLDivElement>(null);

  useEffect(() => {
    frame.current?.append(camera.video);
    camera.ready.then(
      () => setState("ready"),
      (error: DOMException) => setProblem(error.name === "NotAllowedError" ? "denied" : "absent"),
    );
    return camera.close;
  }, [camera]);

  const choose = async (event: Event & { currentTarget: HTMLInputElement }) => {
    const file = event.currentTarget.files?.[0];
    if (!file) return;
    setState("preparing");
    onPicture(await shrink(file));
  };
  const shoot = async () => {
    setState("preparing");
    onPicture(await takePicture(camera.video));
  };

  const hasCamera = !problem;
  const waitsFor = state === "preparing" ? text.camera.preparing : hasCamera && state === "starting" ? text.camera.starting : "";
  return (
    <Screen heading={heading}>
      <div class="shooting">
        <div class="viewfinder" ref={frame} hidden={!hasCamera} />
        <div class="release">
          {waitsFor && <Waiting>{waitsFor}</Waiting>}
          {hasCamera && ( // also while it is not seen, so that nothing below moves when it appears
            <div class={state === "ready" ? undefined : "unseen"}>
              <p class="quiet centred">{text.camera.hint}</p>
              <button type="button" class="shutter" aria-label={text.camera.shutter} onClick={() => void shoot()} />
            </div>
          )}
        </div>
      </div>
      {problem && (
        <p class="trouble" role="alert">
          {text.camera[problem]}
        </p>
      )}
      <div class="choices">
        {!hasCamera && (
          <label class="button primary">
            {text.camera.useCamera}
            <input type="file" accept="image/*" capture="user" onChange={(event) => void choose(event)} />
          </label>
        )}
        <label class="button">
          {hasCamera ? text.camera.chooseInstead : text.camera.choose}
          <input type="file" accept="image/*,.heic,.heif,.avif" onChange={(event) => void choose(event)} />
        </label>
        <button type="button" class="quiet" onClick={onBack}>
          {text.camera.back}
        </button>
      </div>
    </Screen>
  );
}
