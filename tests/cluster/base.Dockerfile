# Stands in for python:3.13-slim when no registry is reachable: Debian's Python under the same paths.
FROM scratch
ADD base.tar /
RUN for name in python3 python pip3 pip; do ln -s "/usr/bin/${name%3}3" "/usr/local/bin/$name"; done \
 && rm /usr/lib/python3*/EXTERNALLY-MANAGED
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
CMD ["python3"]
