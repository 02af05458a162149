using System.Collections.Immutable;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Gatehouse.Tests.HouseRules;

/// <summary>One room names another in the built assembly: in a signature, a base type, an attribute or a method body.</summary>
/// <param name="From">Naming room.</param>
/// <param name="To">Named room.</param>
/// <param name="Where">Type that names.</param>
/// <param name="What">What is named.</param>
internal sealed record Arrow(string From, string To, string Where, string What);

/// <summary>Reads the arrows between rooms from an assembly's metadata and method bodies. What the compiler generated counts for the type it was generated from.</summary>
internal sealed class MetadataPass : ISignatureTypeProvider<ImmutableArray<string>, object?>
{
    private readonly MetadataReader reader;
    private readonly PEReader file;
    private readonly string root;

    private MetadataPass(PEReader file, string root) => (this.file, reader, this.root) = (file, file.GetMetadataReader(), root);

    public static IReadOnlyList<Arrow> Read(string assembly, string root)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        return new MetadataPass(file, root).Arrows().Distinct().ToList();
    }

    private IEnumerable<Arrow> Arrows()
    {
        foreach (var handle in reader.TypeDefinitions)
        {
            var type = reader.GetTypeDefinition(handle);
            var name = NameOf(handle);
            if (RoomOf(name) is not { } from) continue;
            foreach (var named in NamesIn(type))
                if (RoomOf(named) is { } to && to != from) yield return new Arrow(from, to, name, named);
        }
    }

    private IEnumerable<string> NamesIn(TypeDefinition type)
    {
        foreach (var name in Resolve(type.BaseType)) yield return name;
        foreach (var implemented in type.GetInterfaceImplementations())
            foreach (var name in Resolve(reader.GetInterfaceImplementation(implemented).Interface)) yield return name;
        foreach (var field in type.GetFields())
            foreach (var name in reader.GetFieldDefinition(field).DecodeSignature(this, null)) yield return name;
        foreach (var attribute in type.GetCustomAttributes())
            foreach (var name in Resolve(reader.GetCustomAttribute(attribute).Constructor)) yield return name;
        foreach (var handle in type.GetMethods())
        {
            var method = reader.GetMethodDefinition(handle);
            var signature = method.DecodeSignature(this, null);
            foreach (var name in signature.ReturnType.Concat(signature.ParameterTypes.SelectMany(one => one))) yield return name;
            foreach (var name in NamesInBody(method)) yield return name;
        }
    }

    // Every token in the instructions that can name a type or a member of one. Reading all four-byte operands that look like tokens may see too much, never too little; the table id and row are checked.
    private IEnumerable<string> NamesInBody(MethodDefinition method)
    {
        if (method.RelativeVirtualAddress == 0) yield break;
        var body = file.GetMethodBody(method.RelativeVirtualAddress);
        if (!body.LocalSignature.IsNil)
            foreach (var local in reader.GetStandaloneSignature(body.LocalSignature).DecodeLocalSignature(this, null))
                foreach (var name in local) yield return name;
        foreach (var region in body.ExceptionRegions)
            if (!region.CatchType.IsNil)
                foreach (var name in Resolve(region.CatchType)) yield return name;
        foreach (var token in Il.Tokens(body.GetILBytes()!))
            foreach (var name in Resolve(MetadataTokens.EntityHandle(token))) yield return name;
    }

    private IEnumerable<string> Resolve(EntityHandle handle)
    {
        if (handle.IsNil) return [];
        switch (handle.Kind)
        {
            case HandleKind.TypeDefinition: return [NameOf((TypeDefinitionHandle)handle)];
            case HandleKind.TypeReference: return [NameOf((TypeReferenceHandle)handle)];
            case HandleKind.TypeSpecification: return reader.GetTypeSpecification((TypeSpecificationHandle)handle).DecodeSignature(this, null);
            case HandleKind.MethodDefinition: return [NameOf(reader.GetMethodDefinition((MethodDefinitionHandle)handle).GetDeclaringType())];
            case HandleKind.FieldDefinition: return [NameOf(reader.GetFieldDefinition((FieldDefinitionHandle)handle).GetDeclaringType())];
            case HandleKind.MemberReference: return Resolve(reader.GetMemberReference((MemberReferenceHandle)handle).Parent);
            case HandleKind.MethodSpecification:
                var method = reader.GetMethodSpecification((MethodSpecificationHandle)handle);
                return Resolve(method.Method).Concat(method.DecodeSignature(this, null).SelectMany(one => one));
            default: return [];
        }
    }

    private string? RoomOf(string type)
    {
        if (!type.StartsWith(root + ".", StringComparison.Ordinal)) return null;
        var rest = type[(root.Length + 1)..];
        var dot = rest.IndexOf('.', StringComparison.Ordinal);
        return dot < 0 || rest.StartsWith("Wire.", StringComparison.Ordinal) ? null : rest[..dot];
    }

    private string NameOf(TypeDefinitionHandle handle)
    {
        var type = reader.GetTypeDefinition(handle);
        var outer = type.GetDeclaringType();
        return outer.IsNil ? $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}" : $"{NameOf(outer)}+{reader.GetString(type.Name)}";
    }

    private string NameOf(TypeReferenceHandle handle)
    {
        var type = reader.GetTypeReference(handle);
        return type.ResolutionScope.Kind == HandleKind.TypeReference ? $"{NameOf((TypeReferenceHandle)type.ResolutionScope)}+{reader.GetString(type.Name)}" : $"{reader.GetString(type.Namespace)}.{reader.GetString(type.Name)}";
    }

    public ImmutableArray<string> GetArrayType(ImmutableArray<string> elementType, ArrayShape shape) => elementType;

    public ImmutableArray<string> GetByReferenceType(ImmutableArray<string> elementType) => elementType;

    public ImmutableArray<string> GetFunctionPointerType(MethodSignature<ImmutableArray<string>> signature) => [.. signature.ReturnType, .. signature.ParameterTypes.SelectMany(one => one)];

    public ImmutableArray<string> GetGenericInstantiation(ImmutableArray<string> genericType, ImmutableArray<ImmutableArray<string>> typeArguments) => [.. genericType, .. typeArguments.SelectMany(one => one)];

    public ImmutableArray<string> GetGenericMethodParameter(object? genericContext, int index) => [];

    public ImmutableArray<string> GetGenericTypeParameter(object? genericContext, int index) => [];

    public ImmutableArray<string> GetModifiedType(ImmutableArray<string> modifier, ImmutableArray<string> unmodifiedType, bool isRequired) => [.. modifier, .. unmodifiedType];

    public ImmutableArray<string> GetPinnedType(ImmutableArray<string> elementType) => elementType;

    public ImmutableArray<string> GetPointerType(ImmutableArray<string> elementType) => elementType;

    public ImmutableArray<string> GetPrimitiveType(PrimitiveTypeCode typeCode) => [];

    public ImmutableArray<string> GetSZArrayType(ImmutableArray<string> elementType) => elementType;

    public ImmutableArray<string> GetTypeFromDefinition(MetadataReader reader, TypeDefinitionHandle handle, byte rawTypeKind) => [NameOf(handle)];

    public ImmutableArray<string> GetTypeFromReference(MetadataReader reader, TypeReferenceHandle handle, byte rawTypeKind) => [NameOf(handle)];

    public ImmutableArray<string> GetTypeFromSpecification(MetadataReader reader, object? genericContext, TypeSpecificationHandle handle, byte rawTypeKind) => reader.GetTypeSpecification(handle).DecodeSignature(this, genericContext);
}
